import type { EndpointDocument } from '../client/types.ts';
import { emptyClass, Panel, scrollClass, tableClass } from '../parts/page.tsx';
import { TimeAgo } from '../parts/time.tsx';

export function Nodes({ endpoint }: { endpoint: EndpointDocument }) {
  const { items } = endpoint.nodes;
  return (
    <Panel title="Nodes" flush>
      {items.length === 0 ? (
        <div className={emptyClass}>No node exists now.</div>
      ) : (
        <div className={scrollClass} tabIndex={0} role="region" aria-label="Nodes">
          <table className={tableClass}>
            <thead>
              <tr>
                <th>Node</th>
                <th>State</th>
                <th>Where</th>
                <th>Ready</th>
              </tr>
            </thead>
            <tbody>
              {items.map((node) => (
                <tr key={node.id}>
                  <td>
                    <code>{node.id.slice(0, 13)}</code>
                  </td>
                  <td title={node.reason ?? undefined}>{node.state}</td>
                  <td>
                    {node.instanceType}
                    <br />
                    <span className="faint">{node.zone ?? node.region}</span>
                  </td>
                  <td>
                    <TimeAgo at={node.readyAt} none="not yet" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
