import { Database } from 'bun:sqlite'
import { join } from 'node:path'

export function job({ out }) {
  const db = new Database(join(out, 'shop.db'))
  db.run('CREATE TABLE IF NOT EXISTS item (name TEXT, price REAL)')
  db.run('DELETE FROM item')
  db.query('INSERT INTO item VALUES (?, ?)').run('pen', 2)
  const rows = db.query('SELECT name, price FROM item').all()
  db.close()
  return rows
}
