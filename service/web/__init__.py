"""The web service: its API and its pages. `app.py` puts it together, `routes/` has one module for each
subject, `security.py` decides who may call a route, `problems.py` makes the answers to refused requests, and
`context.py` holds what the routes work with."""
