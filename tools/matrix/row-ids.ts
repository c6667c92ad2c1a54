/** The words of a test's name that have the form of a row's id: E7, but not ES256, P-256 or H2O. */
export function rowIds(testName: string): readonly string[] {
  return [...new Set(testName.match(/(?<![\w-])[A-Z]\d{1,2}(?![\w-])/g))]
}
