// The custom roles of policies/access/rights.json, where each action stands with its reason.
// A tenant knows a custom role once: these can be assigned in the subscriptions of all environments.
targetScope = 'subscription'

@description('Name of this installation: another one of the same tenant has roles of its own.')
param environmentName string

@description('Subscriptions of the environments.')
param subscriptionIds array

var rights = loadJsonContent('../../policies/access/rights.json')
var definitions = items(rights.customRoles)
var ownScope = toLower(subscription().id)
var scopes = union([ownScope], map(subscriptionIds, subscriptionId => '/subscriptions/${subscriptionId}'))

resource roles 'Microsoft.Authorization/roleDefinitions@2022-04-01' = [for role in definitions: {
  name: guid(subscription().id, environmentName, role.key)
  properties: {
    roleName: '${role.value.name} (${environmentName})'
    description: role.value.description
    type: 'CustomRole'
    assignableScopes: scopes
    permissions: [
      {
        actions: map(role.value.actions, right => right.action)
        notActions: []
        dataActions: contains(role.value, 'dataActions') ? map(any(role.value).dataActions, right => right.action) : []
        notDataActions: []
      }
    ]
  }
}]

@description('GUIDs of the definitions, by their keys in policies/access/rights.json.')
output definitionGuids object = toObject(definitions, role => role.key, role => guid(subscription().id, environmentName, role.key))
