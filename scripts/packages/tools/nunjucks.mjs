import nunjucks from 'nunjucks'

export const job = ({ data }) => nunjucks.configure(data).render('page.njk', { name: 'Ada' })
