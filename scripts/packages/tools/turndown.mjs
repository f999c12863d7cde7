import TurndownService from 'turndown'

export const job = () => new TurndownService().turndown('<h1>a</h1><p><b>b</b></p>')
