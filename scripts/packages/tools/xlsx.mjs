import { join } from 'node:path'
import XLSX from 'xlsx'

export function job({ out }) {
  const file = join(out, 'prices.xlsx')
  const book = XLSX.utils.book_new()
  XLSX.utils.book_append_sheet(book, XLSX.utils.json_to_sheet([{ name: 'pen', price: 2 }]), 'prices')
  XLSX.writeFile(book, file)
  return XLSX.utils.sheet_to_json(XLSX.readFile(file).Sheets.prices)
}
