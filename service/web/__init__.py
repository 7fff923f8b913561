"""The service as a program of the web: `app.py` puts it together, `routes/` holds a module a subject,
`security.py` who may call them, `problems.py` what is said when they refuse, `context.py` what they work
with."""
