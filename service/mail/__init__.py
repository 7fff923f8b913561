"""One run of `sealform mail`: a mailbox into a folder or into the service."""
