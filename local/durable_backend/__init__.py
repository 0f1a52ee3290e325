"""The durable engine of the local stack: keeps orchestrations in memory and hands their work to functions hosts."""
