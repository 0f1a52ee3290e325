// Validates requests and answers against the official specifications, with Microsoft's own validator.
// Standard input: JSON lines {method, url, requestHeaders, requestBody, status, responseHeaders, responseBody}.
// Standard output: one JSON line for each, [problem, ...].
"use strict";
const readline = require("node:readline");
const { LiveValidator, parseValidationRequest } = require("oav/dist/lib/liveValidation/liveValidator");

// Paths of the specifications, below the folder that is given as the first argument.
const SPECIFICATIONS = [
  "imagebuilder/resource-manager/Microsoft.VirtualMachineImages/stable/*/imagebuilder.json",
  "compute/resource-manager/Microsoft.Compute/GalleryRP/stable/*/gallery.json",
  "msi/resource-manager/Microsoft.ManagedIdentity/stable/*/*.json",
  "authorization/resource-manager/Microsoft.Authorization/stable/*/*.json",
  "storage/resource-manager/Microsoft.Storage/stable/*/*.json",
  "resources/resource-manager/Microsoft.Resources/stable/*/*.json",
];
// Of these the validator takes the namespace for the provider that answers; the specification has them under none.
const ABOUT_A_PROVIDER = /\/subscriptions\/[^/]+\/providers\/[^/?]+(\/(un)?register)?\?/i;
const NO_PROVIDER = "microsoft.unknown";

// Else the validator forgets what was found for the request, and looks again for the answer.
const KEEP_OPERATION = { includeOperationMatch: true };

const describe = (side) => (issue) => `${side}: ${issue.code} ${issue.message} at ${(issue.pathsInPayload ?? []).join(", ") || "its root"}`;

function operationOf({ url, method, requestHeaders }) {
  const validationRequest = parseValidationRequest(url, method, requestHeaders);
  if (ABOUT_A_PROVIDER.test(url)) validationRequest.providerNamespace = NO_PROVIDER;
  return { validationRequest };
}

async function problems(validator, exchange) {
  const { method, url, requestHeaders, requestBody, status, responseHeaders, responseBody } = exchange;
  const operation = operationOf(exchange);
  const request = await validator.validateLiveRequest({ method, url, headers: requestHeaders, body: requestBody ?? undefined }, KEEP_OPERATION, operation);
  if (request.runtimeException) return [request.runtimeException.message];
  const live = { statusCode: String(status), headers: responseHeaders, body: responseBody ?? undefined };
  const response = await validator.validateLiveResponse(live, { url, method }, KEEP_OPERATION, operation);
  return [
    ...request.errors.map(describe("request")),
    ...response.errors.map(describe("response")),
    ...(response.runtimeException ? [response.runtimeException.message] : []),
  ];
}

async function main() {
  const validator = new LiveValidator({ directory: process.argv[2], swaggerPathsPattern: SPECIFICATIONS, git: { shouldClone: false } }, () => {});
  await validator.initialize();
  for await (const line of readline.createInterface({ input: process.stdin })) {
    if (line) process.stdout.write(`${JSON.stringify(await problems(validator, JSON.parse(line)))}\n`);
  }
}

main().catch((fault) => {
  console.error(fault);
  process.exit(1);
});
