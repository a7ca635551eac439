"""Which protocol a datagram is: the one table, its interpreter, and the scan that turns records into batches."""
