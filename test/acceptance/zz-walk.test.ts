/* oxlint-disable jest/expect-expect */
import { afterAll, beforeAll, it } from '@jest/globals';
import { startProduct, type Product } from '../support/product.ts';
import { randomWalk } from './cases/random-walk.ts';
let product: Product;
beforeAll(async () => {
  product = await startProduct({ name: 'walk' });
}, 300_000);
afterAll(() => product?.dispose(), 60_000);
it('walk', () => randomWalk(product), 3_000_000);
