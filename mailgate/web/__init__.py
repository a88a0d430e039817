"""The office's forms on the web, and the page of each case: a small service behind the office's own web server."""
