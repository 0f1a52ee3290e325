// What the app may do with its own storage and telemetry, by policies/access/rights.json, and who may upload scripts.

@description('Name of the storage account.')
param accountName string

@description('Name of Application Insights.')
param applicationInsightsName string

@description('Object id of the identity of the app.')
param principalId string

@description('Object ids of groups that may upload scripts.')
param uploaderGroupIds array

var rights = loadJsonContent('../../policies/access/rights.json')

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: accountName
}

resource uploads 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = {
  name: '${accountName}/default/uploads'
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource onStorage 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for use in rights.app.onItsStorageAccount: {
  name: guid(account.id, principalId, use.role)
  scope: account
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', rights.builtInRoles[use.role].id)
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: use.reason
  }
}]

resource onTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(applicationInsights.id, principalId, rights.app.onItsTelemetry.role)
  scope: applicationInsights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', rights.builtInRoles[rights.app.onItsTelemetry.role].id)
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: rights.app.onItsTelemetry.reason
  }
}

resource ofUploaders 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for groupId in uploaderGroupIds: {
  name: guid(uploads.id, groupId, rights.uploaders.role)
  scope: uploads
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', rights.builtInRoles[rights.uploaders.role].id)
    principalId: groupId
    principalType: 'Group'
    description: rights.uploaders.reason
  }
}]
