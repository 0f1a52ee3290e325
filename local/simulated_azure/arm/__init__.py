"""What every Azure resource provider has in common: routes, resources, operations, errors."""
