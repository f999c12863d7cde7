import { join } from 'node:path'
import ts from 'typescript'

export function job({ data }) {
  const program = ts.createProgram([join(data, 'main.ts')], { noEmit: true, strict: true, types: [], allowImportingTsExtensions: true })
  return ts.getPreEmitDiagnostics(program).map(({ code }) => code)
}
