"""The office's pages: letters, templates, register, messages."""
