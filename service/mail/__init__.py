"""One run of `sealform mail`: it fetches the messages of a mailbox into a folder or into the service."""
