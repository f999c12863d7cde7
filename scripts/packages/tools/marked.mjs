import { marked } from 'marked'

export const job = () => marked.parse('# a\n\n*b*')
