import { XMLParser } from 'fast-xml-parser'

export const job = () => new XMLParser({ ignoreAttributes: false }).parse('<a b="1"><c>2</c></a>')
