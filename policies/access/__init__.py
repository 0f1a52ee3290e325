"""Who may do what: people in the app, the app and Azure Image Builder in Azure."""
