"""Uploads wait here to be read, and workers read them: each ends in exactly one result, whoever dies
meanwhile.

`queue.py` puts them in · `worker.py` takes them out · `desk.py` reads one · `decisions.py` what is decided
    meanwhile ·
`inside_dbos.py` what DBOS has no public call for.
"""
