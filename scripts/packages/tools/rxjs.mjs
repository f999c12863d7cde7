import { lastValueFrom, map, range, reduce } from 'rxjs'

export const job = () => lastValueFrom(range(1, 4).pipe(map((number) => number * 2), reduce((sum, number) => sum + number, 0)))
