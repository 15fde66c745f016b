import { describe, expect, it } from '@jest/globals';
import { localMachine } from '../../providers/local/local-machine.ts';

describe('this machine as a place for models', () => {
  it('keeps a reserve and is free of charge', () => {
    const machine = localMachine({ memoryBytesMax: null });
    expect(machine.usableMemoryBytes).toBeGreaterThan(0);
    expect(machine.tier).toBe('local-cpu');
    expect(machine.candidates).toEqual([expect.objectContaining({ provider: 'local', usdMicrosPerHour: 0 })]);
  });

  it('offers no more than the operator allows', () => {
    expect(localMachine({ memoryBytesMax: 1000 }).usableMemoryBytes).toBe(1000);
  });
});
