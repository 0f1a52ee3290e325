// What the app needs in a subscription of environments: its rights, by policies/access/rights.json, and a topic of its events.
targetScope = 'subscription'

@description('Object id of the identity of the app.')
param principalId string

@description('GUIDs of the custom roles, by their keys in policies/access/rights.json.')
param customRoles object

@description('Whether the app may give Contributor, on staging resource groups.')
param ownStagingGroups bool

@description('Whether the subscription gets a topic of its events.')
param buildEvents bool

@description('Name of the resource group of the topic.')
param groupName string

@description('Name of the topic.')
param topicName string

@description('Region of the resource group.')
param location string

@description('Tags.')
param tags object

var rights = loadJsonContent('../../policies/access/rights.json')
var builtInRoles = toObject(items(rights.builtInRoles), role => role.key, role => role.value.id)
var roleGuids = union(builtInRoles, customRoles)

// No condition can limit Contributor to a group, so the app may give it only where the operator accepts that.
var given = concat(rights.app.gives, ownStagingGroups ? rights.app.givesForOwnStagingGroups : [])
var givenGuids = join(map(given, role => roleGuids[role]), ', ')

// In a condition, <app> stands for the app, <given> for the roles that it may give, <role> for the GUID of a role.
var uses = map(rights.app.onEachSubscription, use => {
  role: use.role
  reason: use.reason
  condition: replace(
    replace(replace(join(use.condition, '\n'), '<app>', principalId), '<given>', givenGuids),
    '<storageBlobDataContributor>',
    roleGuids.storageBlobDataContributor
  )
})

resource onSubscription 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for use in uses: {
  name: guid(subscription().id, principalId, use.role)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleGuids[use.role])
    principalId: principalId
    principalType: 'ServicePrincipal'
    description: use.reason
    condition: use.condition
    conditionVersion: '2.0'
  }
}]

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = if (buildEvents) {
  name: groupName
  location: location
  tags: tags
}

module topic 'subscription-topic.bicep' = if (buildEvents) {
  name: 'event-topic'
  scope: group
  params: {
    name: topicName
    tags: tags
  }
}
