/** The languages that are reviewed, by the identifiers that editors give them. */
export const LANGUAGES = [
  "python",
  "javascript",
  "javascriptreact",
  "typescript",
  "typescriptreact",
  "java",
  "csharp",
] as const;
