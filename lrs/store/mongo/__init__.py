"""The store in MongoDB, for when one machine is not enough."""
