import { join } from 'node:path'
import { promisify } from 'node:util'
import sqlite3 from 'sqlite3'

export async function job({ out }) {
  const db = await new Promise((resolve, reject) => {
    const made = new sqlite3.Database(join(out, 'shop.db'), (error) => (error ? reject(error) : resolve(made)))
  })
  await promisify(db.exec.bind(db))('CREATE TABLE IF NOT EXISTS item (name TEXT, price REAL); DELETE FROM item; INSERT INTO item VALUES (\'pen\', 2), (\'ink\', 5)')
  const rows = await promisify(db.all.bind(db))('SELECT sum(price) AS total FROM item')
  await promisify(db.close.bind(db))()
  return rows
}
