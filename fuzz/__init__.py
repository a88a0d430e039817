"""Random mails, guided by coverage: ``make fuzz``, or ``python -m fuzz.fuzz_reading -max_total_time=60``."""
