"""Azure Resource Manager's own events, as an Event Grid system topic of a subscription publishes them."""
