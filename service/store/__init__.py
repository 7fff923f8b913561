"""The database of the service: uploads, submissions, records with every version, accounts, and the audit log
that records every change to them.

`tables.py` holds the schema · `database.py` connections and transactions · `audit.py` the hash chain · each
other module one subject. The functions take the connection of one transaction, so that changes that belong
together are committed together.
"""
