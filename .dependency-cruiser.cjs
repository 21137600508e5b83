/** Who may import whom (ARCHITECTURE.md). A broken rule is an error. */
const folders = {
  domain: ["domain", "lib"],
  config: ["config", "domain", "lib"],
  observability: ["observability", "domain", "lib"],
  sync: ["sync", "domain", "lib"],
  huawei: ["huawei", "domain", "lib", "sync/ports"],
  jira: ["jira", "domain", "lib", "sync/ports"],
  store: ["store", "domain", "lib", "sync/ports", "sync/state", "sync/apply-step"],
  queue: ["queue", "domain", "lib", "observability", "sync/outcome"],
  "embedded-postgres": ["embedded-postgres", "lib"],
  web: ["web", "domain", "lib", "sync/ports", "observability"],
  lib: ["lib"],
};
/** The rooms of `sync/`, each of which may use those after it and what stands beside them all (`ports.ts`, `state.ts` and their like). */
const rooms = ["rehearsal", "repair", "intake", "link", "request", "apply", "plan", "recognise"];
const roomOrder = rooms.map((room, index) => ({
  name: `sync-${room}`,
  severity: "error",
  from: { path: `^src/sync/${room}/`, pathNot: "\\.test\\.ts$" },
  to: { path: `^src/sync/(${rooms.slice(0, index).join("|") || "none"})/` },
}));
const commandsMay = "^src/(commands|domain|lib|sync|queue|observability)/";
/** The commands that start simulators. */
const simulating = "^src/commands/(demo|simulate|demo/people)\\.ts";
const layering = Object.entries(folders).map(([folder, allowed]) => ({
  name: `src-${folder}`,
  severity: "error",
  from: { path: `^src/${folder}/`, pathNot: "(\\.test\\.ts|^src/store/testing\\.ts)$" },
  to: {
    path: "^(src|jobs|simulators|test)/",
    pathNot: allowed.map((place) => `^src/${place}${place.includes("/") ? "\\.ts$" : "/"}`),
  },
}));
const only = (name, packagePattern, place) => ({
  name: `only-${name}`,
  severity: "error",
  from: { path: "^(src|jobs)/", pathNot: `(${place}|\\.test\\.ts$)` },
  to: { path: packagePattern },
});

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: { pathNot: "^src/store/generated/" }, to: { circular: true } },
    ...layering,
    ...roomOrder,
    {
      name: "sync-rooms-above",
      severity: "error",
      from: { path: "^src/sync/[^/]+\\.ts$", pathNot: "\\.test\\.ts$" },
      to: { path: `^src/sync/(${rooms.join("|")})/` },
    },
    {
      // Adapters reach commands as values of `commands/cli/app.ts`; of the configuration and of the operators' store they know the types.
      name: "src-commands",
      severity: "error",
      from: { path: "^src/commands/", pathNot: `(\\.test\\.ts|${simulating})$` },
      to: { path: "^(src|jobs|simulators|test)/", pathNot: `${commandsMay}|^src/(config/|store/admin\\.ts$)` },
    },
    {
      name: "src-commands-values",
      severity: "error",
      from: { path: "^src/commands/", pathNot: `(\\.test\\.ts|${simulating})$` },
      to: { path: "^src/", pathNot: commandsMay, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "src-commands-simulating",
      severity: "error",
      from: { path: `${simulating}$` },
      to: { path: "^(src|jobs|test)/", pathNot: commandsMay, dependencyTypesNot: ["type-only"] },
    },
    {
      name: "jobs",
      severity: "error",
      from: { path: "^jobs/" },
      to: { path: "^(src|simulators|test)/", pathNot: "^src/(sync|queue|domain|lib)/" },
    },
    { name: "simulators-alone", severity: "error", from: { path: "^simulators/" }, to: { path: "^(src|jobs|test)/" } },
    {
      name: "nothing-imports-bin",
      severity: "error",
      from: { path: "^(src|jobs|simulators)/", pathNot: "^src/bin/" },
      to: { path: "^src/bin/" },
    },
    {
      // A type of it may be named anywhere; who can make one can pass by the judgement of what leaves Jira (rule 5).
      name: "only-the-gate-seals",
      severity: "error",
      from: { path: "^(src|jobs)/", pathNot: "(^src/sync/apply/gate\\.ts|\\.test\\.ts)$" },
      to: { path: "^src/lib/sealed\\.ts$", dependencyTypesNot: ["type-only"] },
    },
    only("jira.js", "node_modules/jira\\.js/", "^src/jira/"),
    only("prisma", "node_modules/@prisma/", "^src/store/"),
    only("bullmq", "node_modules/bullmq/", "^src/queue/"),
    only("croner", "node_modules/croner/", "^src/lib/ticks\\.ts$"),
    {
      name: "domain-is-pure",
      severity: "error",
      from: { path: "^src/domain/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core", "npm"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/store/generated/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types"] },
  },
};
