import { join } from 'node:path'
import ExcelJS from 'exceljs'

export async function job({ out }) {
  const file = join(out, 'prices.xlsx')
  const book = new ExcelJS.Workbook()
  book.addWorksheet('prices').addRows([['pen', 2], ['ink', 5]])
  await book.xlsx.writeFile(file)
  const read = new ExcelJS.Workbook()
  await read.xlsx.readFile(file)
  return read.getWorksheet('prices').getCell('B2').value
}
