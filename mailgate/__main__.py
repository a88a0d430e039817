"""``python -m mailgate``."""

from mailgate.cli.main import main

if __name__ == "__main__":
    main()
