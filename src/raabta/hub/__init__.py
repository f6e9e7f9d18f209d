"""What must keep running for publishing: the outbox, forms, mirrors."""
