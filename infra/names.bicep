// Names by the conventions of the Cloud Adoption Framework: abbreviation of the resource type, workload, environment.

@export()
@description('Name of a resource that is alone of its type in its scope.')
func nameOf(abbreviation string, environmentName string) string => '${abbreviation}-image-bakery-${environmentName}'

@export()
@description('Name of a resource that the world has to tell from others: of a function app, it is part of an address.')
func uniqueNameOf(abbreviation string, environmentName string, subscriptionId string) string => '${abbreviation}-image-bakery-${environmentName}-${uniqueString(subscriptionId, environmentName)}'

@export()
@description('Name of a storage account, which has lower-case letters and digits only, at most 24.')
func storageNameOf(environmentName string, subscriptionId string) string => 'st${take(replace(environmentName, '-', ''), 9)}${uniqueString(subscriptionId, environmentName)}'

@export()
@description('Name of the resource group that holds the event topic in the subscription of environments.')
func eventGroupNameOf(environmentName string) string => 'rg-image-bakery-${environmentName}-events'
