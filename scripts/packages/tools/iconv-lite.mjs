import iconv from 'iconv-lite'

export const job = () => iconv.decode(iconv.encode('gr\u00fc\u00dfe', 'win1252'), 'win1252')
