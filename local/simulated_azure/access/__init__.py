"""Who may do what: roles, their assignments with conditions, and the actions that a request stands for."""
