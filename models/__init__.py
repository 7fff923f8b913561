"""What a form, a page and a record are: frozen values, with no I/O, no file formats and no clock."""
