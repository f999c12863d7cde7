import moment from 'moment'

export const job = () => moment.utc('2024-02-28').add(2, 'days').format('YYYY-MM-DD')
