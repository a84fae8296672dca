"""The gRPC side: one module of methods per area, and the service that dispatches to them."""
