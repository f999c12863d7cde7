import { join } from 'node:path'
import Database from 'better-sqlite3'

export function job({ out }) {
  const db = new Database(join(out, 'shop.db'))
  db.pragma('journal_mode = WAL')
  db.exec('CREATE TABLE IF NOT EXISTS item (name TEXT, price REAL); DELETE FROM item')
  db.prepare('INSERT INTO item VALUES (?, ?)').run('pen', 2)
  const rows = db.prepare('SELECT name, price FROM item').all()
  db.close()
  return rows
}
