"""The queue of uploads to read, and the workers that read them. Every upload ends in exactly one result, even
where workers die.

`queue.py` puts uploads in · `worker.py` takes them out · `desk.py` reads one · `decisions.py` decides on
retries and dead workers · `inside_dbos.py` holds what DBOS has no public call for.
"""
