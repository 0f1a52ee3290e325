// Parameters of events.bicep: those of main.bicepparam that it shares.
using 'events.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'prd')
param environments = loadJsonContent('../parameters/pipeline.json').environments
param buildEvents = bool(readEnvironmentVariable('BUILD_EVENTS', 'true'))
