// Parses and analyzes Kusto queries, with Microsoft's own language service.
// Standard input: JSON {tables: {name: schema}, queries: [text, ...]}. Standard output: JSON [[problem, ...], ...].
"use strict";
require("@kusto/language-service-next/bridge.js");
require("@kusto/language-service-next/Kusto.Language.Bridge.js");
const { GlobalState, KustoCode, Symbols } = global.Kusto.Language;

function problemsOf(query, globals) {
  const found = KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, index) => {
    const { Message, Start } = found.getItem(index);
    return `${Message} (line ${query.slice(0, Start).split("\n").length})`;
  });
}

const { tables, queries } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const symbols = Object.entries(tables).map(([name, schema]) => Symbols.TableSymbol.From(schema).WithName(name));
const globals = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor("insights", symbols));
console.log(JSON.stringify(queries.map((query) => problemsOf(query, globals))));
