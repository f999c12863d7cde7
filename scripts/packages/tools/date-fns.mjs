import { addDays, format } from 'date-fns'

export const job = () => format(addDays(new Date(2024, 1, 28), 2), 'yyyy-MM-dd')
