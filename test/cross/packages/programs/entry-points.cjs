// Prints the names that each specifier exports, imported and required, or the code of the error.
const specifiers = process.argv.slice(2)

async function main() {
  const found = {}
  for (const specifier of specifiers) {
    const imported = await import(specifier).then(namesOf, codeOf)
    found[specifier] = { imported, required: required(specifier) }
  }
  console.log(JSON.stringify(found))
}

function required(specifier) {
  try {
    return namesOf(require(specifier))
  } catch (error) {
    return codeOf(error)
  }
}

const namesOf = (module) => Object.keys(module).filter((name) => name !== '__esModule')
const codeOf = (error) => error.code ?? String(error)

main()
