import postcss from 'postcss'

export async function job() {
  const prefix = { postcssPlugin: 'prefix', Declaration: (declaration) => void (declaration.prop = `-x-${declaration.prop.replace('-x-', '')}`) }
  return (await postcss([prefix]).process('a { b: c }', { from: undefined })).css
}
