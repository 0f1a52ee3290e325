// The identity that the app acts as, towards Azure and its own storage.

@description('Name of the identity.')
param name string

@description('Region.')
param location string

@description('Tags.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('Resource id.')
output id string = identity.id

@description('Client id: which identity to sign in as.')
output clientId string = identity.properties.clientId

@description('Object id: who gets a role.')
output principalId string = identity.properties.principalId
